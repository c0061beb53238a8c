export function createOpenApi(_appUrl: string) {
  return {};
}
