/** What users invest in: invented funds and companies, with tickers that do not exist. */
import { derivedId } from "../plaid/ids.ts";
import type { CustomSecurity } from "./custom-user.ts";

/** A security in Plaid's shape (schema `Security`). */
export interface Security {
  security_id: string;
  name: string | null;
  ticker_symbol: string | null;
  type: string;
  is_cash_equivalent: boolean;
  close_price: number | null;
  close_price_as_of: string | null;
  iso_currency_code: string;
  [field: string]: unknown;
}

interface Known {
  name: string;
  ticker_symbol: string;
  type: "etf" | "equity" | "mutual fund" | "fixed income" | "cash";
  price: number;
}

export const KNOWN_SECURITIES: readonly [Known, ...Known[]] = [
  { name: "Meridian Total Market ETF", ticker_symbol: "MTMX", type: "etf", price: 214.37 },
  { name: "Meridian World Bond Fund", ticker_symbol: "MWBD", type: "fixed income", price: 51.08 },
  { name: "Alder & Finch Inc.", ticker_symbol: "ALDF", type: "equity", price: 87.42 },
  { name: "Skylark Air Holdings", ticker_symbol: "SKYL", type: "equity", price: 12.9 },
  { name: "Meridian Target 2050 Fund", ticker_symbol: "MTFI", type: "mutual fund", price: 33.61 },
];

const CASH: Known = { name: "U S Dollar", ticker_symbol: "CUR:USD", type: "cash", price: 1 };

/** A generated security, with its closing price of `day`. */
export function knownSecurity(known: Known, currency: string, day: string): Security {
  return shaped(known.ticker_symbol, { ...known, currency }, known.type, known.price, day);
}

/** Cash in an account. */
export function cashSecurity(currency: string, day: string): Security {
  const ticker_symbol = `CUR:${currency}`;
  return shaped(ticker_symbol, { name: CASH.name, ticker_symbol, currency }, "cash", 1, day);
}

/** A security of a custom user. */
export function customSecurity(
  custom: CustomSecurity,
  currency: string,
  price: number | null,
  day: string | null,
): Security {
  const { ticker_symbol, isin, cusip, sedol, name } = custom;
  const key = ticker_symbol ?? isin ?? cusip ?? sedol ?? name ?? "unknown";
  const type = ticker_symbol?.startsWith("CUR:") ? "cryptocurrency" : "equity";
  return shaped(key, { currency, ...custom }, type, price, day);
}

function shaped(
  key: string,
  { name, ticker_symbol, isin, cusip, sedol, currency = "USD" }: CustomSecurity,
  type: string,
  price: number | null,
  day: string | null,
): Security {
  return {
    security_id: derivedId("security", key),
    isin: isin ?? null,
    cusip: cusip ?? null,
    sedol: sedol ?? null,
    institution_security_id: null,
    institution_id: null,
    proxy_security_id: null,
    name: name ?? ticker_symbol ?? null,
    ticker_symbol: ticker_symbol ?? null,
    is_cash_equivalent: type === "cash",
    type,
    subtype: type === "equity" ? "common stock" : type,
    close_price: price,
    close_price_as_of: day,
    update_datetime: null,
    iso_currency_code: currency,
    unofficial_currency_code: null,
    market_identifier_code: null,
    sector: null,
    industry: null,
    cfi_code: null,
    option_contract: null,
    fixed_income: null,
  };
}
