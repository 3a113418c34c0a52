/** Rows of cells, for files and for terminals. */

export type Row = readonly string[]

export const markdown = (head: Row, rows: readonly Row[]): string =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n")

export function plain(head: Row, rows: readonly Row[]): string {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((cells) => (cells[column] ?? "").length)))
  const line = (cells: Row) =>
    cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
  return [head, ...rows].map((cells) => line(cells).join("  ").trimEnd()).join("\n")
}
