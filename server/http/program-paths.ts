const programPaths = /^\/(trpc|plaid|api\/v1)\//;

/** Whether a path belongs to the API, where `identify` alone decides who the caller is. */
export const isProgramPath = (path: string): boolean => programPaths.test(path);
