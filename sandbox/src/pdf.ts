/** Just enough PDF for a statement: lines of text (ISO 32000-1, with a font that every reader has). */

const LINES_A_PAGE = 60;

/** A PDF of plain lines in Courier, on US Letter pages. Characters beyond ASCII become `?`. */
export function pdfOf(lines: readonly string[]): Buffer {
  const pages: string[][] = [];
  for (let first = 0; first === 0 || first < lines.length; first += LINES_A_PAGE) {
    pages.push(lines.slice(first, first + LINES_A_PAGE));
  }
  // Objects 1 to 3 are the catalog, the list of pages and the font; then each page and its text.
  const kids = pages.map((_page, index) => `${4 + 2 * index} 0 R`).join(" ");
  const objects = [
    "<< /Type /Catalog /Pages 2 0 R >>",
    `<< /Type /Pages /Count ${pages.length} /Kids [${kids}] >>`,
    "<< /Type /Font /Subtype /Type1 /BaseFont /Courier >>",
    ...pages.flatMap((page, index) => {
      const text = `BT /F1 9 Tf 12 TL 40 750 Td\n${page.map(shown).join("\n")}\nET`;
      return [
        `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents ${5 + 2 * index} 0 R /Resources << /Font << /F1 3 0 R >> >> >>`,
        `<< /Length ${text.length} >>\nstream\n${text}\nendstream`,
      ];
    }),
  ];
  let file = "%PDF-1.4\n";
  const offsets = objects.map((object, index) => {
    const offset = file.length;
    file += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return `${String(offset).padStart(10, "0")} 00000 n \n`;
  });
  const size = objects.length + 1;
  file += `xref\n0 ${size}\n0000000000 65535 f \n${offsets.join("")}trailer\n<< /Size ${size} /Root 1 0 R >>\nstartxref\n${file.length}\n%%EOF\n`;
  return Buffer.from(file, "latin1");
}

/** The PDF operators that show a line and move to the next. */
function shown(line: string): string {
  const text = line.replaceAll(/[^\x20-\x7e]/g, "?").replaceAll(/[\\()]/g, "\\$&");
  return `(${text}) Tj T*`;
}
