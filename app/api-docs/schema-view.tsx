import type { Schema } from "../../server/api/contract/json-schema.ts";
import { words } from "./words.ts";

interface SchemaFieldsProps {
  schema: Schema;
  /** Marks the required fields of a request. In a response every field is present. */
  sent?: boolean;
}

/** The fields of an object with their types, one per line. Other objects are linked, not repeated. */
export function SchemaFields({ schema, sent = false }: SchemaFieldsProps) {
  const fields = Object.entries(schema.properties ?? {}) as [string, Schema][];
  if (fields.length === 0) {
    return (
      <p className="text-sm text-ink-soft">
        <SchemaType schema={schema} />
      </p>
    );
  }
  return (
    <dl className="divide-y divide-line text-sm">
      {fields.map(([name, field]) => (
        <div key={name} className="flex flex-wrap items-baseline gap-x-3 py-1.5">
          <dt className="font-mono wrap-anywhere">{name}</dt>
          <dd className="min-w-0 text-ink-soft">
            <SchemaType schema={field} />{" "}
            {sent && schema.required?.includes(name) ? (
              <span className="ml-1 text-xs text-warn">{words.required}</span>
            ) : null}
            {field.description ? (
              <p className="text-xs">{field.description.replaceAll("`", "")}</p>
            ) : null}
            {nestedOf(field) ? (
              <div className="mt-1 border-l border-line pl-3">
                <SchemaFields schema={nestedOf(field) as Schema} sent={sent} />
              </div>
            ) : null}
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** An object whose fields are shown in place, within a field or a list. */
function nestedOf(schema: Schema): Schema | null {
  const inner = withoutNull(schema).schema;
  const item = inner.type === "array" ? (inner.items as Schema) : inner;
  return item.properties ? item : null;
}

function SchemaType({ schema }: { schema: Schema }) {
  const { schema: inner, nullable } = withoutNull(schema);
  return (
    <>
      <PlainType schema={inner} />
      {nullable ? ` ${words.nullable}` : null}
    </>
  );
}

function PlainType({ schema }: { schema: Schema }) {
  if (schema.$ref) return <SchemaLink reference={schema.$ref} />;
  if (schema.enum) return <>{`${words.oneOf} ${schema.enum.join(", ")}`}</>;
  if (schema.const !== undefined) return <>{String(schema.const)}</>;
  if (schema.type === "array") {
    return (
      <>
        {words.listOf} <SchemaType schema={schema.items as Schema} />
      </>
    );
  }
  return <>{schema.format ?? schema.type ?? "any"}</>;
}

/** A link to the description of a named object. */
function SchemaLink({ reference }: { reference: string }) {
  const name = nameOf(reference);
  return (
    <a href={`#${name}`} className="rounded-sm text-link">
      {name}
    </a>
  );
}

export function nameOf(reference: string): string {
  return reference.slice(reference.lastIndexOf("/") + 1);
}

function withoutNull(schema: Schema): { schema: Schema; nullable: boolean } {
  if (Array.isArray(schema.type)) {
    const [type] = schema.type.filter((name) => name !== "null");
    return { schema: { ...schema, type } as Schema, nullable: schema.type.includes("null") };
  }
  const choices = schema.anyOf as Schema[] | undefined;
  const others = choices?.filter(({ type }) => type !== "null");
  if (choices && others?.length === 1) {
    return { schema: others[0] as Schema, nullable: choices.length > 1 };
  }
  return { schema, nullable: false };
}
