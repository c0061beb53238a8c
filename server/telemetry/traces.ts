import { setTimeout as sleep } from "node:timers/promises";
import { context, type Span, SpanStatusCode, type Tracer, trace } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from "@opentelemetry/resources";
import { BatchSpanProcessor, NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import { FiscilityError } from "../contracts/errors.ts";
import { type TimeLimits, timeLimits } from "../time-limits.ts";
import { agentWithin } from "./agent-within.ts";
import { type OpenSpan, type Spans, sendSpans } from "./spans.ts";

/**
 * Exports spans to an OpenTelemetry collector over OTLP/HTTP, in batches, in the background. The SDK itself
 * reads the other standard variables (headers, sampler, service name):
 * https://opentelemetry.io/docs/languages/sdk-configuration/
 *
 * No trace is continued from outside, because callers must not control what is recorded.
 */
export function startTraces(
  endpoint: string,
  { tracesExport, tracesClose }: Pick<TimeLimits, "tracesExport" | "tracesClose"> = timeLimits,
): { close(): Promise<void> } {
  const exporter = new OTLPTraceExporter({
    url: `${endpoint.replace(/\/+$/, "")}/v1/traces`,
    // The exporter's own limit ends only a silent response. Of those that never end it holds 30, and exports no more.
    httpAgentOptions: (protocol) => agentWithin(protocol, tracesExport),
  });
  const provider = new NodeTracerProvider({
    resource: defaultResource()
      .merge(resourceFromAttributes({ "service.name": "fiscility-connect" }))
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [new BatchSpanProcessor(exporter)],
  });
  provider.register({ propagator: null });
  sendSpans(spansOf(provider.getTracer("fiscility-connect")));
  return {
    async close() {
      sendSpans();
      // An unavailable collector must not keep the process alive; its spans are lost.
      const ended = provider.shutdown().catch(() => {});
      await Promise.race([ended, sleep(tracesClose, undefined, { ref: false })]);
      context.disable();
    },
  };
}

function spansOf(tracer: Tracer): Spans {
  return {
    inSpan: (name, fields, work) =>
      tracer.startActiveSpan(name, { attributes: fields }, async (span) => {
        const open = openSpan(span);
        try {
          return await work(open);
        } catch (error) {
          const { cause = error } = error as Error;
          open.fail(cause instanceof FiscilityError ? cause.reason : (error as Error).name);
          throw error;
        } finally {
          span.end();
        }
      }),
    addFinished(name, from, fields) {
      // Work outside a request or job, such as checking a connection, is no trace.
      if (trace.getActiveSpan() === undefined) return;
      tracer.startSpan(name, { startTime: from, attributes: fields ?? {} }).end();
    },
  };
}

function openSpan(span: Span): OpenSpan {
  return {
    setFields: (fields) => void span.setAttributes(fields),
    rename: (name) => void span.updateName(name),
    fail: (reason) => void span.setStatus({ code: SpanStatusCode.ERROR, message: reason }),
  };
}
