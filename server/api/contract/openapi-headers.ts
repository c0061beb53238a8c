/** Headers of every response to an API key or a session. */
export const commonHeaders = {
  "X-Request-Id": { $ref: "#/components/headers/X-Request-Id" },
  RateLimit: { $ref: "#/components/headers/RateLimit" },
};

export const headerComponents = {
  "X-Request-Id": {
    description: "The id to send to support; also `error.request_id` of a failure.",
    schema: { type: "string", format: "uuid" },
  },
  RateLimit: {
    description:
      "Calls left (`r`) and seconds until there are more (`t`), as an IETF draft has it.",
    schema: { type: "string", examples: ['"key";r=599;t=60'] },
  },
};
