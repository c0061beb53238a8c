/** Turns `{ "accounts.list": … }` into `{ accounts: { list: … } }`. */
export function tree<Value>(
  flat: Readonly<Record<string, Value>>,
  make: (path: string, value: Value) => unknown,
): object {
  const root: Record<string, unknown> = {};
  for (const [path, value] of Object.entries(flat)) {
    const names = path.split(".");
    const last = names.pop() as string;
    let branch = root;
    for (const name of names) {
      branch[name] ??= {};
      branch = branch[name] as Record<string, unknown>;
    }
    branch[last] = make(path, value);
  }
  return root;
}
