import { text } from "../text.ts";

/** One formatter per currency: creating one costs a hundred times more than using it. */
const formatters = new Map<string, Intl.NumberFormat>();

const isoCurrencies = new Set(Intl.supportedValuesOf("currency"));

/**
 * Formats a decimal string as money: "-1234.5" in "USD" -> "-$1,234.50". Exact: the digits are never
 * converted to a float. A code that is not in ISO 4217 (Plaid's unofficial ones, such as BTC) is written
 * after the number, with up to eight decimals; a missing code is left out. The locale is fixed, so that
 * server and browser write the same.
 */
export function formatMoney(amount: string, currency: string | null): string {
  if (currency !== null && isoCurrencies.has(currency)) {
    return formatDecimal(formatter(currency, { style: "currency", currency }), amount);
  }
  if (currency === null) {
    return formatDecimal(formatter("", { minimumFractionDigits: 2 }), amount);
  }
  const number = formatDecimal(formatter("unofficial", { maximumFractionDigits: 8 }), amount);
  return `${number} ${currency}`;
}

/**
 * Formats amounts that are one step apart, as short as possible and without rounding: 25000 and 50000 in
 * "USD" -> "$25K" and "$50K"; 12345 and 12346 -> "$12,345" and "$12,346".
 */
export function formatSteps(amounts: number[], currency: string): string[] {
  const [first = 0, second = first + 1] = amounts;
  const digits = Math.log10(Math.abs(second - first)) + 1e-6;
  const most = Math.log10(Math.max(1, ...amounts.map(Math.abs)));
  const iso = isoCurrencies.has(currency) ? ({ style: "currency", currency } as const) : {};
  const write = (options: Intl.NumberFormatOptions) => {
    const key = `${currency} ${JSON.stringify(options)}`;
    return amounts.map((amount) => formatter(key, { ...iso, ...options }).format(amount));
  };
  const decimals = digits < 0 ? Math.max(2, -Math.floor(digits)) : 0;
  const whole = write({ minimumFractionDigits: decimals, maximumFractionDigits: decimals });
  if (digits < 0) return whole;
  // The number of digits that the letter of the largest amount stands for.
  const behind = 3 * Math.floor(most / 3);
  const short = write({
    notation: "compact",
    minimumFractionDigits: 0,
    maximumFractionDigits: Math.max(0, behind - Math.floor(digits)),
  });
  const longest = (labels: string[]) => Math.max(...labels.map(({ length }) => length));
  return longest(short) <= longest(whole) ? short : whole;
}

function formatter(key: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const existing = formatters.get(key);
  if (existing) return existing;
  const made = new Intl.NumberFormat(text.locale, options);
  formatters.set(key, made);
  return made;
}

/**
 * `format` accepts a decimal string and keeps every digit (https://tc39.es/proposal-intl-numberformat-v3/);
 * in the types of our `lib` it accepts only numbers.
 */
function formatDecimal(formatter: Intl.NumberFormat, amount: string): string {
  return formatter.format(amount as Intl.StringNumericLiteral);
}
