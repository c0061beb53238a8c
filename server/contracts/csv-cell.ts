/** What a spreadsheet would run as a formula. A negative amount is none. */
const isFormula = /^(?!-\d+(\.\d+)?$)[=+\-@\t\r\n＝＋－＠]/;

/**
 * Escapes a text for a cell of CSV with a leading apostrophe if a spreadsheet would run it, because names
 * come from banks.
 * @see https://owasp.org/www-community/attacks/CSV_Injection
 */
export const toCsvCell = (text: string) => (isFormula.test(text) ? `'${text}` : text);
