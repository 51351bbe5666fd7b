/**
 * Prints a sheet with a title, a sentence and lines, and nothing else of the page. The sheet stands in the page for as
 * long as the print dialog is open; base.css shows it, and only it, on paper.
 */
export function printLines(title: string, advice: string, lines: readonly string[]): void {
  const sheet = document.createElement('section')
  sheet.className = 'print-sheet'
  sheet.append(
    element('h1', `Alta Desk: ${title}`),
    element('p', location.host),
    element('p', advice),
    ...lines.map((line) => element('pre', line)),
  )
  document.body.append(sheet)
  window.addEventListener('afterprint', () => sheet.remove(), { once: true })
  window.print()
}

function element(name: string, text: string): HTMLElement {
  const made = document.createElement(name)
  made.textContent = text
  return made
}
