import { expect, test } from 'vitest'
import { attachment, nameInAddress, safeFileName } from '../../../../main/files/file-names.ts'

// Would catch: a name that leads out of the folder of downloads, hides its ending, or is a device on Windows.
test.each([
  ['audit-log.csv', 'audit-log.csv'],
  ['../../etc/passwd', '_.._etc_passwd'],
  ['C:\\Windows\\win.ini', 'C__Windows_win.ini'],
  ['.bashrc', 'bashrc'],
  ['log.csv. . ', 'log.csv'],
  ['a"b;c=d.csv', 'a_b;c=d.csv'],
  ['gate\r\nSet-Cookie: x', 'gate  Set-Cookie_ x'],
  ['invoice\u202Efdp.exe', 'invoice fdp.exe'],
  ['CON', '_CON'],
  ['com1.txt', '_com1.txt'],
  ['console.txt', 'console.txt'],
  ['Ворота 3.mp4', 'Ворота 3.mp4'],
  ['', 'file'],
  ['...', 'file'],
  [`${'\ud800'}x`, 'x'],
])('%j', (name, expected) => {
  expect(safeFileName(name)).toBe(expected)
})

test('a long name keeps its ending and breaks no letter', () => {
  expect(safeFileName(`${'Ж'.repeat(500)}.mp4`)).toBe(`${'Ж'.repeat(88)}.mp4`)
  expect(Buffer.byteLength(safeFileName('x'.repeat(1_000_000)))).toBe(180)
  const short = safeFileName(`${'😀'.repeat(100)}.mp4`)
  expect(short).toBe(`${'😀'.repeat(44)}.mp4`)
  expect(Buffer.byteLength(short)).toBe(180)
})

test('the header says the whole name and a plain one, and ends at neither quotes nor lines', () => {
  expect(attachment('audit-log.csv')).toBe('attachment; filename="audit-log.csv"')
  expect(attachment("Ворота (3)'.mp4")).toBe(
    `attachment; filename="______ (3)'.mp4"; filename*=UTF-8''%D0%92%D0%BE%D1%80%D0%BE%D1%82%D0%B0%20%283%29%27.mp4`,
  )
  expect(nameInAddress("Ворота (3)'.mp4")).toBe('________3__.mp4')
})
