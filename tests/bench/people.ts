/** Signs a person up at a node; the cookie of their session. */
export async function signUp(url: string, email: string): Promise<string> {
  const person = { name: "b", email, password: "correct horse" };
  await post(`${url}/api/auth/sign-up/email`, person);
  const response = await post(`${url}/api/auth/sign-in/email`, person);
  return response.headers
    .getSetCookie()
    .map((line) => line.split(";")[0])
    .join("; ");
}

/** Sends JSON from the app's own page. Throws for anything but a success. */
export async function post(url: string, body: object, cookie = ""): Promise<Response> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", cookie, origin: new URL(url).origin },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return response;
}
