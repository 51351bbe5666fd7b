import { describe, expect, it } from 'vitest'
import { parseConfig, parseStatus } from '../../../../main/alta/config-schema.ts'
import { problemOfError, problemOfStatus } from '../../../../main/alta/failures.ts'
import type { HttpAnswer } from '../../../../main/alta/http-exchange.ts'

function answerOf(body: unknown, contentType = 'application/json'): HttpAnswer {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return { status: 200, contentType, setCookies: [], body: new TextEncoder().encode(text) }
}

const sound = { version: '250716', servers: {}, users: {}, receivers: {}, ott: {} }

describe('a configuration', () => {
  it('is taken with nulls and odd objects in it (one odd receiver hid a whole server)', () => {
    const config = parseConfig(
      answerOf({
        ...sound,
        receivers: {
          good: { name: 'Good', enable: true },
          odd: { name: 7, source: null },
          worse: 'text',
          none: null,
        },
        ott: { archives: null, channels: { a: { variants: null, duration: '72', epg: 1 } } },
      }),
    )
    expect(config.receivers).toEqual({
      good: { name: 'Good', enable: true },
      odd: { name: undefined, source: undefined },
    })
    expect(config.ott).toEqual({
      archives: {},
      authorizers: {},
      channels: { a: { variants: {}, duration: undefined } },
    })
  })

  it.each([
    ['none, of an old build', { version: '240909', servers: {}, ott: {} }, null],
    ['none, of an unknown build', { servers: {}, ott: {} }, null],
    ['none, of a build that leaves out what is empty', { version: '250716', servers: {}, ott: {} }, {}],
    ['none, of a build that says null', { ...sound, version: 250716, receivers: null }, {}],
  ])('tells too old from empty: %s', (_case, body, receivers) => {
    expect(parseConfig(answerOf(body)).receivers).toEqual(receivers)
  })

  it.each([
    ['another API', {}],
    ['a list', []],
    ['a text', '"hello"'],
    ['nothing', ''],
    ['half of it', '{"version":"25'],
    ['no streams', { ...sound, ott: undefined }],
    ['servers as a list', { ...sound, servers: [] }],
    ['a web page', '<!doctype html><title>It works</title>'],
  ])('is told from %s', (_case, body) => {
    expect(() => parseConfig(answerOf(body))).toThrow(expect.objectContaining({ code: 'ALTA_NOT_ALTA' }))
  })

  // Would catch: 3.5 MB of tiny variants, which no limit of a kind stops, and which keep the desk from answering for 200 ms.
  it('is refused where objects of all kinds together are too many', () => {
    const variants = Object.fromEntries(Array.from({ length: 15_000 }, (_, index) => [`v${index}`, {}]))
    const channels = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`c${index}`, { variants }]))
    const read = (count: number) => parseConfig(answerOf({ ...sound, ott: { channels: channels(count) } }))
    expect(Object.keys(read(3).ott.channels)).toHaveLength(3)
    expect(() => read(4)).toThrow(expect.objectContaining({ code: 'ALTA_HUGE_ANSWER' }))
  })

  // Would catch: a limit that an honest configuration meets.
  it('of 15,000 receivers and 15,000 channels with two variants each is taken', () => {
    const many = <Entry>(entry: Entry) =>
      Object.fromEntries(Array.from({ length: 14_950 }, (_, index) => [`o${index}`, entry]))
    const channels = many({ variants: { main: { receiver: 'o1' }, sub: { receiver: 'o2' } } })
    const read = parseConfig(answerOf({ ...sound, receivers: many({}), ott: { channels } }))
    expect(Object.keys(read.ott.channels)).toHaveLength(14_950)
  })

  it('does not let an id change what all objects inherit', () => {
    parseConfig(
      answerOf('{"servers":{"__proto__":{"listen":"x"}},"ott":{},"receivers":{"__proto__":{"evil":1}}}'),
    )
    expect(Object.prototype).not.toHaveProperty('evil')
  })
})

describe('a status', () => {
  it('says nothing where Alta says nothing: zero pixels are no picture', () => {
    const status = parseStatus(
      answerOf({
        receivers: {
          on: {
            active: true,
            bitrate: 2048.4,
            video: { codec: 'h264', width: 1920, height: 1080, fps: 12.5 },
            error: '',
          },
          off: {
            active: false,
            bitrate: 0,
            video: { codec: '', width: 0, height: 0, fps: 0 },
            error: 'timeout',
          },
          bare: {},
          audio: { active: true, video: null },
        },
      }),
    )
    const silent = {
      active: null,
      bitrateKbps: null,
      codec: null,
      width: null,
      height: null,
      fps: null,
      error: '',
    }
    expect(status.receivers).toEqual({
      on: {
        active: true,
        bitrateKbps: 2048.4,
        codec: 'h264',
        width: 1920,
        height: 1080,
        fps: 12.5,
        error: '',
      },
      off: { ...silent, active: false, bitrateKbps: 0, error: 'timeout' },
      bare: silent,
      audio: { ...silent, active: true },
    })
    expect(status.channels).toEqual({})
  })
})

describe('failures', () => {
  it.each([
    ['ECONNREFUSED', 'ALTA_UNREACHABLE', true],
    ['ENOTFOUND', 'ALTA_UNREACHABLE', true],
    ['UND_ERR_CONNECT_TIMEOUT', 'ALTA_UNREACHABLE', true],
    ['UND_ERR_SOCKET', 'ALTA_UNREACHABLE', true],
    ['UND_ERR_HEADERS_TIMEOUT', 'ALTA_SLOW', true],
    ['UND_ERR_RES_EXCEEDED_MAX_SIZE', 'ALTA_HUGE_ANSWER', false],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'ALTA_TLS_UNTRUSTED', false],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'ALTA_TLS_UNTRUSTED', false],
    ['CERT_HAS_EXPIRED', 'ALTA_TLS_UNTRUSTED', false],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'ALTA_TLS_UNTRUSTED', false],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'ALTA_UNREACHABLE', false],
  ])('%s is %s', (code, problem, retryable) => {
    expect(problemOfError(Object.assign(new Error('x'), { code }))).toMatchObject({
      code: problem,
      retryable,
    })
  })

  it('a mistake of ours stays one (it would be shown as a fault of Alta and never be found)', () => {
    const mistake = new TypeError('x is not a function')
    expect(problemOfError(mistake)).toBe(mistake)
  })

  it.each([
    [403, '', 'ALTA_OBSERVER'],
    [404, '', 'ALTA_NOT_ALTA'],
    [301, '', 'ALTA_NOT_ALTA'],
    [422, '{"error":"variants.main.receiver: unknown receiver \\"x\\""}', 'ALTA_RECEIVER_MISSING'],
    [422, '{"error":"name: required"}', 'ALTA_ERROR'],
    [500, '{"error":"write /etc/alta: no space left on device"}', 'ALTA_DISK_FULL'],
    [500, '<html>', 'ALTA_ERROR'],
    [503, '', 'ALTA_ERROR'],
    [507, '', 'ALTA_DISK_FULL'],
  ])('HTTP %i %s is %s', (status, body, code) => {
    expect(problemOfStatus(status, body)).toMatchObject({ code, status })
  })

  it('what Alta says is passed on short and without secrets', () => {
    const said = `rtsp://user:hush@cam/ ${'x'.repeat(1000)}`
    const { detail } = problemOfStatus(422, JSON.stringify({ error: said }))
    expect(detail).not.toContain('hush')
    expect(detail.length).toBeLessThan(250)
  })
})
