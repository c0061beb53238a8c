import type { Item } from "../../server/contracts/accounts.ts";
import type { Mark } from "../components/bank-mark.tsx";

/** Returns a bank's logo, and its color with black or white on it, whichever has more contrast. */
export function toMark({ logo, color }: Item["institution"]): Mark {
  return {
    logo,
    color: color ? { ground: color, ink: luminance(color) > 0.179 ? "#000" : "#fff" } : null,
  };
}

/**
 * Returns 0 to 1; at 0.179 black and white have the same contrast.
 * https://www.w3.org/TR/WCAG22/#dfn-relative-luminance
 */
function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
