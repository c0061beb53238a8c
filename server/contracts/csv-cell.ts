/** What a spreadsheet would take for a formula. An amount below zero is none. */
const isFormula = /^(?!-\d+(\.\d+)?$)[=+\-@\t\r\n＝＋－＠]/;

/**
 * A text for a cell of CSV: with an apostrophe before it where a spreadsheet would run it, as names come from banks.
 * @see https://owasp.org/www-community/attacks/CSV_Injection
 */
export const toCsvCell = (text: string) => (isFormula.test(text) ? `'${text}` : text);
