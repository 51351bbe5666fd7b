import type { Group } from '../../shared/contract/groups.ts'
import { ApiClient } from '../fixtures/api-client.ts'
import { crowd, numbered, startCrowdedDesk } from '../fixtures/crowded-desk.ts'
import type { CrowdedDesk } from '../fixtures/crowded-desk.ts'
import { limitRow, quantile } from './measure.ts'
import type { Bench, BenchRow } from './measure.ts'

const admin = { email: 'admin@desk.example', password: 'violet-anchor-417' }
const [listRounds, listLimitMs] = [40, 100]
const [watcherCount, withdrawals, toldLimitMs] = [5, 20, 1_000]

/** What an administrator and the people at the walls wait for at a desk with ten thousand people, 200 groups and 1,000 cameras. */
export const crowdBench: Bench = {
  name: 'crowd',
  async run(): Promise<BenchRow[]> {
    const crowded = await startCrowdedDesk(admin)
    try {
      const api = new ApiClient(crowded.desk.origin)
      await api.signIn(admin.email, admin.password)
      const listMs = await peopleListMs(api)
      const toldMs = await withdrawnUntilTold(crowded, api)
      return [
        limitRow(
          'people list of 10,000: page, search, filter, p95',
          'ms',
          quantile(listMs, 0.95),
          listLimitMs,
        ),
        limitRow(
          `right to ${crowd.camerasOfFirstGroup} cameras withdrawn until its person was told, p95`,
          'ms',
          quantile(toldMs, 0.95),
          toldLimitMs,
        ),
      ]
    } finally {
      await crowded.stop()
    }
  },
}

/** Milliseconds of each answer: the last page, a search in names, and a filter in reverse order. */
async function peopleListMs(api: ApiClient): Promise<number[]> {
  const queries = ['page=100&pageSize=100', 'search=SON%200999', 'disabled=true&sort=-name&pageSize=10']
  const took: number[] = []
  for (let round = 0; round < listRounds; round += 1) {
    for (const query of queries) {
      const startedAt = performance.now()
      const { items } = await api.want<{ items: unknown[] }>('GET', `/users?${query}`)
      took.push(performance.now() - startedAt)
      if (items.length === 0) throw new Error(`GET /users?${query} found nobody.`)
    }
  }
  return took
}

/** From the request that takes somebody out of the largest group until the event stream of their page says so, ms. */
async function withdrawnUntilTold({ desk }: CrowdedDesk, api: ApiClient): Promise<number[]> {
  const name = numbered('Group', 1)
  const groups = await api.want<{ items: Group[] }>('GET', `/groups?search=${encodeURIComponent(name)}`)
  const group = groups.items.find((one) => one.name === name)
  if (!group) throw new Error(`There is no ${name}.`)
  const watchers = await Promise.all(
    Array.from({ length: watcherCount }, (_, number) => openWatcher(desk.origin, api, number)),
  )
  const took: number[] = []
  for (let round = 0; round < withdrawals; round += 1) {
    for (const { id, told } of watchers) {
      const path = `/groups/${group.id}/members/${id}`
      const gained = told()
      await api.want('PUT', path, { role: 'viewer' })
      await gained
      const lost = told()
      const startedAt = performance.now()
      const [, toldAt] = await Promise.all([api.want('DELETE', path), lost])
      took.push(toldAt - startedAt)
    }
  }
  await Promise.all(watchers.map(({ close }) => close()))
  return took
}

interface Watcher {
  readonly id: string
  /** When the next change of their rights arrives. */
  told(): Promise<number>
  close(): Promise<void>
}

/** A person who has just signed in, and whose page follows the desk. */
async function openWatcher(origin: string, api: ApiClient, number: number): Promise<Watcher> {
  const person = { email: `watcher${number}@desk.example`, password: 'copper-lantern-63' }
  const { id } = await api.want<{ id: string }>('POST', '/users', {
    ...person,
    username: `watcher${number}`,
    displayName: `Watcher ${number}`,
  })
  const theirs = new ApiClient(origin)
  await theirs.signIn(person.email, person.password)
  const answer = await fetch(`${origin}/api/events/stream`, {
    headers: { authorization: `Bearer ${theirs.token}` },
  })
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader()
  if (!reader) throw new Error('There is no event stream.')
  let text = ''
  const told = async (): Promise<number> => {
    const changed = '"type":"rights.changed"'
    for (;;) {
      const found = text.indexOf(changed)
      if (found >= 0) {
        text = text.slice(found + changed.length)
        return performance.now()
      }
      const { value, done } = await reader.read()
      if (done) throw new Error('The event stream ended.')
      text += value
    }
  }
  return { id, told, close: () => reader.cancel() }
}
