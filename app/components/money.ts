/** One formatter a currency: making one costs a hundred times more than using it. */
const formatters = new Map<string, Intl.NumberFormat>();

const isoCurrencies = new Set(Intl.supportedValuesOf("currency"));

/**
 * A decimal string as a person reads money: "-1234.5" in "USD" -> "-$1,234.50". Exact: the digits
 * never pass through a float. A code that ISO 4217 does not have (Plaid's unofficial ones, such as
 * BTC) is written after the number with up to eight decimals; a missing one is left out. The locale
 * is fixed, so that server and browser write the same.
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

/** A round amount in few letters: "25000" in "USD" -> "$25K". */
export function formatRoughly(amount: string, currency: string): string {
  const iso = isoCurrencies.has(currency) ? ({ style: "currency", currency } as const) : {};
  const options = {
    ...iso,
    notation: "compact",
    minimumFractionDigits: 0,
    maximumFractionDigits: 2,
  } as const;
  return formatDecimal(formatter(`roughly ${currency}`, options), amount);
}

function formatter(key: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const existing = formatters.get(key);
  if (existing) return existing;
  const made = new Intl.NumberFormat("en-US", options);
  formatters.set(key, made);
  return made;
}

/**
 * `format` takes a decimal string and keeps every digit of it
 * (https://tc39.es/proposal-intl-numberformat-v3/); TypeScript's type of it for our `lib` says number.
 */
function formatDecimal(formatter: Intl.NumberFormat, amount: string): string {
  return formatter.format(amount as Intl.StringNumericLiteral);
}
