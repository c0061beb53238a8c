/** The look of what stands on the page's ground as a thing of its own. */
export const cardClass = "rounded-xl border border-line bg-surface shadow-card";
