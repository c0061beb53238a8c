import {
  ArrowLeftRight,
  Banknote,
  BriefcaseBusiness,
  Bus,
  Clapperboard,
  Hammer,
  HandCoins,
  HeartPulse,
  House,
  Landmark,
  type LucideIcon,
  Plane,
  Receipt,
  ShoppingBag,
  Sparkles,
  Tag,
  Utensils,
} from "lucide-react";

/** The icon and the colors of a category. `bar` is the color of its share. */
export interface CategoryLook {
  Icon: LucideIcon;
  tile: string;
  bar: string;
}

const hues = {
  green: { tile: "bg-accent-soft text-accent", bar: "fill-accent" },
  amber: { tile: "bg-hue-amber/12 text-hue-amber", bar: "fill-hue-amber" },
  violet: { tile: "bg-hue-violet/12 text-hue-violet", bar: "fill-hue-violet" },
  blue: { tile: "bg-hue-blue/12 text-hue-blue", bar: "fill-hue-blue" },
  teal: { tile: "bg-hue-teal/12 text-hue-teal", bar: "fill-hue-teal" },
  pink: { tile: "bg-hue-pink/12 text-hue-pink", bar: "fill-hue-pink" },
  gray: { tile: "bg-sunken text-ink-soft", bar: "fill-field-line" },
} as const;

/** The looks of Plaid's primary categories: https://plaid.com/documents/pfc-taxonomy-all.csv */
const looks: Record<string, CategoryLook> = {
  INCOME: { Icon: Banknote, ...hues.green },
  TRANSFER_IN: { Icon: ArrowLeftRight, ...hues.gray },
  TRANSFER_OUT: { Icon: ArrowLeftRight, ...hues.gray },
  LOAN_PAYMENTS: { Icon: HandCoins, ...hues.gray },
  LOAN_DISBURSEMENTS: { Icon: HandCoins, ...hues.gray },
  BANK_FEES: { Icon: Receipt, ...hues.gray },
  ENTERTAINMENT: { Icon: Clapperboard, ...hues.pink },
  FOOD_AND_DRINK: { Icon: Utensils, ...hues.amber },
  GENERAL_MERCHANDISE: { Icon: ShoppingBag, ...hues.violet },
  HOME_IMPROVEMENT: { Icon: Hammer, ...hues.teal },
  MEDICAL: { Icon: HeartPulse, ...hues.pink },
  PERSONAL_CARE: { Icon: Sparkles, ...hues.pink },
  GENERAL_SERVICES: { Icon: BriefcaseBusiness, ...hues.blue },
  GOVERNMENT_AND_NON_PROFIT: { Icon: Landmark, ...hues.gray },
  TRANSPORTATION: { Icon: Bus, ...hues.blue },
  TRAVEL: { Icon: Plane, ...hues.teal },
  RENT_AND_UTILITIES: { Icon: House, ...hues.teal },
};
const other: CategoryLook = { Icon: Tag, ...hues.gray };

/** Returns the look of a category; a new or missing category has a default. */
export const categoryLook = (category: string | null): CategoryLook =>
  (category !== null && Object.hasOwn(looks, category) ? looks[category] : undefined) ?? other;
