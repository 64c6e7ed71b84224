/** Rows of an export as text: CSV that a spreadsheet opens without running anything in it, and JSON lines. */

export type ExportFormat = 'csv' | 'jsonl';

/** Numbers that can outgrow a double, such as money, are given as text in exact decimals. */
export type ExportValue = string | number | boolean | null;

export interface ExportColumn<Row> {
  readonly name: string;
  read(row: Row): ExportValue;
  /** Whether what stands in it came from outside; such cells never look like a formula. */
  readonly foreign?: true;
}

/** Where a spreadsheet would see a formula. */
const FORMULA_START = /^[=+\-@\t\r\n]/;
const NEEDS_QUOTES = /[",\r\n]/;

/** What stands before the first row. */
export function headerOf<Row>(columns: readonly ExportColumn<Row>[], format: ExportFormat): string {
  return format === 'csv' ? `${columns.map(({ name }) => name).join(',')}\r\n` : '';
}

export function rowsToText<Row>(
  columns: readonly ExportColumn<Row>[],
  rows: readonly Row[],
  format: ExportFormat,
): string {
  if (format === 'jsonl') {
    return rows
      .map(
        (row) =>
          `${JSON.stringify(Object.fromEntries(columns.map((column) => [column.name, column.read(row)])))}\n`,
      )
      .join('');
  }
  return rows.map((row) => `${columns.map((column) => cellOf(column, row)).join(',')}\r\n`).join('');
}

function cellOf<Row>(column: ExportColumn<Row>, row: Row): string {
  const value = column.read(row);
  if (value === null) return '';
  const text = String(value);
  const harmless = column.foreign === true && FORMULA_START.test(text) ? `'${text}` : text;
  return NEEDS_QUOTES.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
