/** Where users spend: invented merchants, with Plaid's personal finance categories. */
import { derivedId } from "../plaid/ids.ts";

export interface Merchant {
  name: string;
  /** As the bank prints it. */
  statement: string;
  channel: "online" | "in store" | "other";
  primary: string;
  detailed: string;
  website: string | null;
  /** Plaid's stable id of the merchant, the same on every transaction. */
  entity_id: string;
}

export function merchant(
  name: string,
  statement: string,
  channel: Merchant["channel"],
  primary: string,
  detail: string,
): Merchant {
  const host = name.toLowerCase().replaceAll(/[^a-z]/g, "");
  return {
    name,
    statement,
    channel,
    primary,
    detailed: `${primary}_${detail}`,
    website: channel === "other" ? null : `${host}.example`,
    entity_id: derivedId("merchant", name),
  };
}

type Merchants = readonly [Merchant, ...Merchant[]];

export const GROCERS: Merchants = [
  merchant(
    "Green Basket Market",
    "GREEN BASKET MKT #0412",
    "in store",
    "FOOD_AND_DRINK",
    "GROCERIES",
  ),
  merchant("Corner Pantry", "CORNER PANTRY 77", "in store", "FOOD_AND_DRINK", "GROCERIES"),
  merchant("Harvest Row", "HARVEST ROW GROCERS", "in store", "FOOD_AND_DRINK", "GROCERIES"),
];

export const SMALL_PURCHASES: Merchants = [
  merchant("Blue Kettle Coffee", "SQ *BLUE KETTLE COFFEE", "in store", "FOOD_AND_DRINK", "COFFEE"),
  merchant("Noodle Lantern", "NOODLE LANTERN", "in store", "FOOD_AND_DRINK", "RESTAURANT"),
  merchant("Taqueria Sol", "TST* TAQUERIA SOL", "in store", "FOOD_AND_DRINK", "RESTAURANT"),
  merchant("Metro Transit", "METRO TRANSIT FARE", "in store", "TRANSPORTATION", "PUBLIC_TRANSIT"),
  merchant("Fernway Fuel", "FERNWAY FUEL 0093", "in store", "TRANSPORTATION", "GAS"),
  merchant(
    "Paper & Thread",
    "PAPER AND THREAD ONLINE",
    "online",
    "GENERAL_MERCHANDISE",
    "ONLINE_MARKETPLACES",
  ),
  merchant(
    "Oak Street Pharmacy",
    "OAK STREET PHARMACY",
    "in store",
    "MEDICAL",
    "PHARMACIES_AND_SUPPLEMENTS",
  ),
  merchant(
    "Northlight Cinema",
    "NORTHLIGHT CINEMA 4",
    "in store",
    "ENTERTAINMENT",
    "TV_AND_MOVIES",
  ),
];

/** Day of the month, amount, merchant. */
export const SUBSCRIPTIONS: readonly { day: number; amount: number; merchant: Merchant }[] = [
  {
    day: 4,
    amount: 15.49,
    merchant: merchant(
      "Streamhouse",
      "STREAMHOUSE.EXAMPLE",
      "online",
      "ENTERTAINMENT",
      "TV_AND_MOVIES",
    ),
  },
  {
    day: 11,
    amount: 10.99,
    merchant: merchant("Tunebox", "TUNEBOX PREMIUM", "online", "ENTERTAINMENT", "MUSIC_AND_AUDIO"),
  },
  {
    day: 18,
    amount: 39,
    merchant: merchant(
      "Ironworks Gym",
      "IRONWORKS GYM MONTHLY",
      "online",
      "PERSONAL_CARE",
      "GYMS_AND_FITNESS_CENTERS",
    ),
  },
  {
    day: 22,
    amount: 64.2,
    merchant: merchant(
      "Valley Power & Light",
      "VALLEY POWER AND LIGHT",
      "online",
      "RENT_AND_UTILITIES",
      "GAS_AND_ELECTRICITY",
    ),
  },
];

export const SALARY = merchant(
  "Alder & Finch",
  "ALDER FINCH INC PAYROLL",
  "other",
  "INCOME",
  "WAGES",
);
export const RENT = merchant(
  "Rosewater Property",
  "ROSEWATER PROPERTY MGMT",
  "online",
  "RENT_AND_UTILITIES",
  "RENT",
);
export const TRANSFER_OUT = merchant(
  "Transfer",
  "ONLINE TRANSFER TO SAVINGS",
  "other",
  "TRANSFER_OUT",
  "SAVINGS",
);
export const TRANSFER_IN = merchant(
  "Transfer",
  "ONLINE TRANSFER FROM CHECKING",
  "other",
  "TRANSFER_IN",
  "SAVINGS",
);
export const INTEREST = merchant(
  "Interest",
  "INTEREST PAYMENT",
  "other",
  "INCOME",
  "INTEREST_EARNED",
);
export const CARD_PAYMENT = merchant(
  "Card payment",
  "AUTOMATIC PAYMENT - THANK YOU",
  "other",
  "LOAN_PAYMENTS",
  "CREDIT_CARD_PAYMENT",
);
export const LOAN_PAYMENT = merchant(
  "Loan payment",
  "LOAN PAYMENT RECEIVED",
  "other",
  "LOAN_PAYMENTS",
  "OTHER_PAYMENT",
);
