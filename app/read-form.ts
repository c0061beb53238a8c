/** Fields of a form, each box that is ticked counted; the largest has ten. */
const maxFields = 200;

/**
 * The form that a page's action was sent: URL-encoded, as every form of ours is. Multipart bodies are
 * refused, as parsing 100 kB of one blocks the process for 250 ms.
 * @throws a 400 Response when the body is no such form, or has more than `maxFields` fields.
 */
export async function readForm(request: Request): Promise<URLSearchParams> {
  const type = request.headers.get("content-type") ?? "";
  const isForm = /^application\/x-www-form-urlencoded *(;|$)/i.test(type);
  const text = isForm ? await request.text().catch(() => null) : null;
  if (text === null || text.split("&", maxFields + 1).length > maxFields) {
    throw new Response(null, { status: 400, statusText: "Bad Request" });
  }
  return new URLSearchParams(text);
}
