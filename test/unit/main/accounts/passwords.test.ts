import { argon2id, hash } from 'argon2'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { Passwords } from '../../../../main/accounts/passwords.ts'
import { forkChildProcess } from '../../../../main/platform/child-process.ts'
import type { ChildProcess, StartChildProcess } from '../../../../main/platform/child-process.ts'

const cheap = { memoryCost: 64, timeCost: 2, parallelism: 1 }

/** Starts real processes and remembers them, so that a test can end one. */
function watchedFork(): { start: StartChildProcess; children: ChildProcess[] } {
  const children: ChildProcess[] = []
  const start: StartChildProcess = (path, options) => {
    const child = forkChildProcess(path, options)
    children.push(child)
    return child
  }
  return { start, children }
}

function open(start: StartChildProcess = forkChildProcess): Passwords {
  const passwords = new Passwords(start, cheap)
  onTestFinished(() => passwords.stop())
  return passwords
}

describe('hashing in a process of its own', () => {
  test('a hash is Argon2id with the given cost, and only its password matches', async () => {
    const passwords = open()
    const made = await passwords.hash('violet otter')
    expect(made).toMatch(/^\$argon2id\$v=19\$m=64,(p=1,t=2|t=2,p=1)\$/)
    expect(await passwords.verify('violet otter', made)).toBe(true)
    expect(await passwords.verify('violet ottes', made)).toBe(false)
  })

  test('where nobody has the name, a hash of the same cost is checked, and the answer is no', async () => {
    const { start, children } = watchedFork()
    const asked: unknown[] = []
    const passwords = open((path, options) => {
      const child = start(path, options)
      return { ...child, send: (message) => (asked.push(message), child.send(message)) }
    })
    expect(await passwords.verify('anything', null)).toBe(false)
    expect(asked).toMatchObject([
      { kind: 'verify', hash: expect.stringMatching(/^\$argon2id\$v=19\$m=64,t=2,p=1\$/) as string },
    ])
    expect(children).toHaveLength(1)
  })

  test('a hash of other cost is still checked: parameters may change over the years', async () => {
    const older = await hash('violet otter', { type: argon2id, memoryCost: 128, timeCost: 3, parallelism: 1 })
    expect(await open().verify('violet otter', older)).toBe(true)
  })

  // Would catch: a sign-in answered with an error since the process ended (of itself, or by the system, which was short of
  // memory) just when the job was on its way to it.
  test('a job whose process ends is given to another one', async () => {
    const { start, children } = watchedFork()
    const passwords = open(start)
    const first = passwords.hash('violet otter')
    const second = passwords.hash('violet otter')
    children[0]?.kill()
    expect(await first).toMatch(/^\$argon2id/)
    expect(await second).toMatch(/^\$argon2id/)
    expect(children).toHaveLength(2)
  })

  // Would catch: a job sent to a process that has ended without a job, before the desk heard of it: it was lost.
  test('a job that is sent to a process which ended while it had nothing to do is not lost', async () => {
    const { start, children } = watchedFork()
    const passwords = open(start)
    await passwords.hash('violet otter')
    children[0]?.kill()
    expect(await passwords.hash('violet otter')).toMatch(/^\$argon2id/)
    expect(children).toHaveLength(2)
  })

  // Would catch: a process that dies of one job, started for it without end, or an answer that calls it a bug of ours.
  test('when the second process ends as well, that job fails and the next one is served', async () => {
    const { start, children } = watchedFork()
    let spared = false
    const passwords = open((path, options) => {
      const child = start(path, options)
      return { ...child, send: (message) => (spared ? child.send(message) : child.kill()) }
    })
    const first = passwords.hash('violet otter')
    const second = first.catch(() => {
      spared = true
      return passwords.hash('violet otter')
    })
    await expect(first).rejects.toMatchObject({ code: 'PASSWORDS_UNAVAILABLE' })
    expect(await second).toMatch(/^\$argon2id/)
    expect(children).toHaveLength(3)
  })

  /** Passwords whose process takes no job before `go`; `workedMs` is what the system says it has worked. */
  function openHeldBack(workedMs: () => number | null) {
    vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval', 'clearTimeout', 'clearInterval'] })
    onTestFinished(() => void vi.useRealTimers())
    const { start, children } = watchedFork()
    const held = Promise.withResolvers<undefined>()
    const passwords = open((path, options) => {
      const child = start(path, options)
      const send = (message: unknown): void => void held.promise.then(() => child.send(message))
      return { ...child, send, processorMs: workedMs }
    })
    return { passwords, children, go: () => held.resolve(undefined) }
  }

  /** Of a process that works all the time, as one learns by looking each half a minute. */
  function working(): () => number {
    let workedMs = 0
    return () => (workedMs += 30_000)
  }

  // Would catch: a process ended after half a minute by the clock on a machine so busy that it got no time to work (a load
  // of 38 on two cores: the sign-in answered 500).
  test('a process that gets no processor time is waited for', async () => {
    const { passwords, children, go } = openHeldBack(() => 4_000)
    const made = passwords.hash('violet otter')
    vi.advanceTimersByTime(5 * 60_000)
    go()
    expect(await made).toMatch(/^\$argon2id/)
    expect(children).toHaveLength(1)
  })

  // Would catch: a job that keeps every later sign-in waiting for ever, or one that is begun again after half a minute of
  // work that led nowhere.
  test.each([
    ['works half a minute on one job', () => working(), 60_000],
    ['does nothing for ten minutes', () => () => null, 10 * 60_000],
  ])('a process that %s is ended, and that job with it', async (_case, worked, afterMs) => {
    const { passwords, children, go } = openHeldBack(worked())
    const lost = passwords.hash('violet otter')
    const next = lost.catch(() => passwords.hash('violet otter'))
    vi.advanceTimersByTime(afterMs)
    await expect(lost).rejects.toMatchObject({ code: 'PASSWORDS_UNAVAILABLE' })
    go()
    expect(await next).toMatch(/^\$argon2id/)
    expect(children).toHaveLength(2)
  })

  test('too many at once are sent away instead of piling up', async () => {
    const passwords = open()
    const tries = await Promise.allSettled(Array.from({ length: 40 }, () => passwords.hash('x')))
    const refused = tries.filter(({ status }) => status === 'rejected')
    expect(refused).toHaveLength(40 - 33)
    for (const one of refused) expect(one).toMatchObject({ reason: { code: 'TOO_MANY_REQUESTS' } })
  })

  test('who went away before their turn costs no hash', async () => {
    const passwords = open()
    const busy = passwords.hash('x')
    const left = passwords.hash('x', AbortSignal.abort())
    await expect(left).rejects.toThrow('went away')
    await busy
  })
})

describe('how strong a new password must be', () => {
  const own = ['mara.keller@desk.example', 'mkeller', 'Mara Keller']

  test.each([
    'aaaaaaaa',
    'abababab',
    '12345678',
    '87654321',
    'abcdefgh',
    'Password1!',
    'admin123',
    'keller2024',
    'Mara.Kel',
    'mkeller-desk',
    'qwertyuiop',
  ])('%s is refused with a sentence', async (password) => {
    expect(await open().weaknessOf(password, own)).toMatch(/\.$/)
  })
  test.each(['violet-otter-42', 'mara keeps seven otters', 'Tr0ub4dor&3', 'пароль-сова-17'])(
    '%s will do',
    async (password) => {
      expect(await open().weaknessOf(password, own)).toBeNull()
    },
  )
})

test('a hash of other cost is to be made anew, one of this cost is not', async () => {
  const passwords = open()
  expect(passwords.isOutdated(await passwords.hash('violet otter'))).toBe(false)
  const older = await hash('violet otter', { type: argon2id, memoryCost: 128, timeCost: 2, parallelism: 1 })
  expect(passwords.isOutdated(older)).toBe(true)
})
