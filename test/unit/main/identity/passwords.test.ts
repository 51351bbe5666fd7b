import { argon2id, hash } from 'argon2'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Passwords, TooManySignInsError } from '../../../../main/identity/passwords.ts'
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

  test('when the process dies in the middle, that one fails and the next finds a new process', async () => {
    const { start, children } = watchedFork()
    const passwords = open(start)
    const first = passwords.hash('violet otter')
    const second = passwords.hash('violet otter')
    children[0]?.kill()
    await expect(first).rejects.toThrow('ended in the middle')
    expect(await second).toMatch(/^\$argon2id/)
    expect(children).toHaveLength(2)
  })

  test('too many at once are sent away instead of piling up', async () => {
    const passwords = open()
    const tries = await Promise.allSettled(Array.from({ length: 40 }, () => passwords.hash('x')))
    const refused = tries.filter(({ status }) => status === 'rejected')
    expect(refused).toHaveLength(40 - 33)
    for (const one of refused) expect(one).toMatchObject({ reason: expect.any(TooManySignInsError) as Error })
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
