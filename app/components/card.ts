/** The classes of a card on the page's background. */
export const cardClass = "rounded-xl border border-line bg-surface shadow-card";
