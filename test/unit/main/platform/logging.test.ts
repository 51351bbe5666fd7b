import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openLogger, parseLogFilter } from '../../../../main/platform/logging.ts'
import type { LoggerOptions } from '../../../../main/platform/logging.ts'
import { maskUrl, redact } from '../../../../main/platform/redaction.ts'

function capture(changes: Partial<LoggerOptions> = {}) {
  const lines: string[] = []
  const logger = openLogger({
    filter: parseLogFilter('info'),
    format: 'json',
    write: (line) => lines.push(line),
    ...changes,
  })
  return { logger, lines, entry: () => JSON.parse(lines.at(-1) ?? '{}') as Record<string, unknown> }
}

describe('a line', () => {
  // Would catch: a sentence of Alta's that writes lines of its own into the log, or clears the terminal on which it is read.
  test('as text is one line for each entry, whatever was said outside, and no command for a terminal', () => {
    const { logger, lines } = capture({ format: 'text' })
    const said = 'no\r\n2026-11-21T20:00:00.000Z INFO  identity: signed in\u001b[2J\u2028\u009b1m'
    logger.for('alta').warn('refused', { detail: said })
    logger.for('alta').error('failed', { error: new Error(said, { cause: new Error(said) }) })
    const [warning = '', failure = ''] = lines
    expect(warning).toContain('detail=no\\u000d\\u000a2026-11-21T20:00:00.000Z INFO')
    expect(failure.split('\n').slice(1)).not.toContainEqual(expect.not.stringMatching(/^ {4}/))
    for (const character of ['\r', '\u001b', '\u2028', '\u009b'])
      expect(lines.join('')).not.toContain(character)
  })

  test('is one JSON object with time, level, area and request id, even when its text has line breaks', () => {
    const { logger, lines, entry } = capture()
    logger.for('alta').warn('refused:\n"no" %c %s', { requestId: 'r1', server: 's1', attempts: 3 })
    expect(lines).toHaveLength(1)
    expect(lines[0]).not.toContain('\n')
    expect(entry()).toMatchObject({
      level: 'warn',
      area: 'alta',
      requestId: 'r1',
      message: 'refused:\n"no" %c %s',
      server: 's1',
      attempts: 3,
    })
    expect(Date.parse(String(entry().time))).toBeGreaterThan(0)
  })

  test('cannot be given another level or area by its fields', () => {
    const { logger, entry } = capture()
    logger.for('alta').info('x', { level: 'error', area: 'store', message: 'y' })
    expect(entry()).toMatchObject({ level: 'info', area: 'alta', message: 'x', levelField: 'error' })
  })

  test('carries the stack of an error and of its cause', () => {
    const { logger, entry, lines } = capture()
    logger.for('alta').error('failed', { error: new TypeError('outer', { cause: new Error('inner') }) })
    expect(entry().error).toMatchObject({
      name: 'TypeError',
      stack: expect.stringContaining('logging.test.ts'),
    })
    expect(lines[0]).toContain('inner')
    const text = capture({ format: 'text' })
    text.logger.for('alta').error('failed', { error: new Error('outer', { cause: new Error('inner') }) })
    expect(text.lines[0]).toMatch(/ERROR alta: failed\n {4}Error: outer\n {8}at [^]*caused by Error: inner/)
  })

  test('is left out below the level of its area', () => {
    const { logger, lines } = capture({ filter: parseLogFilter('warn,alta=debug') })
    logger.for('alta').debug('a')
    logger.for('store').info('b')
    logger.for('store').warn('c')
    expect(lines.map((line) => (JSON.parse(line) as { message: string }).message)).toEqual(['a', 'c'])
  })

  test('survives a field that contains itself', () => {
    const { logger, lines } = capture()
    const loop: Record<string, unknown> = {}
    loop.self = loop
    logger.for('alta').info('x', { loop, big: 1n })
    expect(lines).toHaveLength(1)
  })

  test('goes to a file as well, the same', () => {
    const folder = mkdtempSync(join(tmpdir(), 'alta-desk-log-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const file = join(folder, 'desk.log')
    const { logger, lines } = capture({ file })
    logger.for('alta').info('100 %d done')
    expect(readFileSync(file, 'utf8').trimEnd()).toBe(lines[0])
  })
})

describe('secrets', () => {
  test('are hidden by the name of their field, at any depth', () => {
    const hidden = redact({
      server: { password: 'p', ticketSecret: 's', name: 'North' },
      headers: [{ 'set-cookie': 'c', authorization: 'Bearer abc' }],
      accessToken: 't',
      password_sealed: 'v1:...',
    })
    expect(JSON.stringify(hidden)).not.toMatch(/"(p|s|c|t|v1:\.\.\.)"|abc/)
    expect(hidden).toMatchObject({ server: { name: 'North' } })
  })

  test('are hidden inside URLs and texts', () => {
    expect(maskUrl('http://admin:pw@10.0.0.1/x?a=1&token=abc&b=2')).toBe(
      'http://[hidden]@10.0.0.1/x?a=1&token=[hidden]&b=2',
    )
    expect(maskUrl('rtsp://u:p%40ss@cam/1')).toBe('rtsp://[hidden]@cam/1')
    expect(maskUrl('rtsp://u:p@ss@cam/1')).toBe('rtsp://[hidden]@cam/1')
    expect(maskUrl('http://10.0.0.1:8100/a@b?c=d@e')).toBe('http://10.0.0.1:8100/a@b?c=d@e')
    expect(redact('sent eyJhbGciOi.eyJzdWIiOi.c2lnbmF0 with Bearer abcdefghijk')).toBe(
      'sent [hidden] with Bearer [hidden]',
    )
  })

  test('of the configuration never appear, whatever stands around them', () => {
    const { logger, lines } = capture({ secrets: ['correct horse', 'abc'] })
    logger.for('alta').info('it was correct horse', { note: 'xcorrect horsex abc' })
    expect(lines[0]).not.toContain('correct horse')
    expect(lines[0]).toContain('abc')
  })

  test('of an error message are hidden too', () => {
    const { logger, lines } = capture()
    logger.for('alta').error('x', { error: new Error('GET http://a:hunter2@b/?token=hunter2 failed') })
    expect(lines[0]).not.toContain('hunter2')
  })
})
