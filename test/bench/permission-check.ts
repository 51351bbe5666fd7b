import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { Policy } from '../../main/access/policy.ts'
import type { Caller } from '../../main/rpc/request-context.ts'
import { Rights } from '../../main/access/rights.ts'
import type { GroupFacts } from '../../main/access/rights.ts'
import { roleCovers } from '../../shared/domain/roles.ts'
import { seededRandom } from '../fixtures/seeded-random.ts'
import { factRow, limitRow, median } from './measure.ts'
import type { Bench, BenchRow } from './measure.ts'

const [cameraCount, groupCount, peopleCount] = [1_000, 200, 500]
const [camerasPerGroup, membersPerGroup] = [50, 25]
const [rounds, checksPerRound] = [9, 100_000]

/** Whether a person may operate a camera: from memory as the desk does it, and by the query it saves. */
export const permissionCheck: Bench = {
  name: 'permission-check',
  run(): Promise<BenchRow[]> {
    const facts = randomFacts()
    const rights = new Rights()
    rights.load(facts)
    const policy = new Policy({
      rights,
      person: () => undefined,
    })
    const first = people.map((caller) => microseconds(1, () => policy.canSeeCamera(caller, 'camera-0')))
    const query = openQuery(facts)
    try {
      const samples = { ours: [] as number[], byQuery: [] as number[] }
      for (let round = 0; round < rounds; round += 1) {
        const asked = questions(round)
        samples.ours.push(
          microseconds(checksPerRound, (index) => {
            const { caller, cameraId } = asked[index % asked.length] ?? nobody
            return policy.cameraRole(caller, cameraId) === 'operator'
          }),
        )
        samples.byQuery.push(
          microseconds(checksPerRound / 20, (index) => {
            const { caller, cameraId } = asked[index % asked.length] ?? nobody
            return query.may(caller.userId, cameraId)
          }),
        )
      }
      const ours = median(samples.ours)
      const size = `${cameraCount} cameras, ${groupCount} groups, ${peopleCount} people`
      const byQuery = median(samples.byQuery)
      const against = `a prepared query: ${byQuery.toPrecision(3)} us`
      return Promise.resolve([
        limitRow(`permission check, ${size}`, 'us', ours, 5),
        factRow('permission check beside a query', 'us', ours, against, ours / byQuery),
        factRow("a person's first permission check", 'us', median(first), 'adds up their groups once', null),
      ])
    } finally {
      query.close()
    }
  },
}

interface Question {
  readonly caller: Caller
  readonly cameraId: string
}

const people: readonly Caller[] = Array.from({ length: peopleCount }, (_, number) => {
  const userId = `person-${number}`
  return { userId, email: `${userId}@desk`, admin: false, family: userId }
})
const nobody: Question = {
  caller: { userId: '', email: '', admin: false, family: '' },
  cameraId: '',
}

function randomFacts(): GroupFacts {
  const random = seededRandom(7)
  const some = (count: number, of: number): number[] => [
    ...new Set(Array.from({ length: count }, () => Math.floor(random() * of))),
  ]
  const groupIds = Array.from({ length: groupCount }, (_, number) => `group-${number}`)
  return {
    groupIds,
    cameras: groupIds.flatMap((groupId) =>
      some(camerasPerGroup, cameraCount).map((number) => ({ groupId, cameraId: `camera-${number}` })),
    ),
    members: groupIds.flatMap((groupId) =>
      some(membersPerGroup, peopleCount).map((number) => {
        const role = random() < 0.5 ? ('viewer' as const) : ('operator' as const)
        return { groupId, userId: `person-${number}`, role }
      }),
    ),
  }
}

function questions(seed: number): readonly Question[] {
  const random = seededRandom(seed)
  return Array.from({ length: 5_000 }, () => ({
    caller: people[Math.floor(random() * peopleCount)] ?? nobody.caller,
    cameraId: `camera-${Math.floor(random() * cameraCount)}`,
  }))
}

/** The same question asked of the tables each time, with the indexes that the desk has. */
function openQuery(facts: GroupFacts) {
  const folder = mkdtempSync(join(tmpdir(), 'alta-desk-rights-'))
  const database = new Database(join(folder, 'rights.db'))
  database.exec(`create table group_cameras (group_id, camera_id, primary key (group_id, camera_id));
    create index by_camera on group_cameras (camera_id);
    create table group_members (group_id, user_id, role, primary key (group_id, user_id));
    create index by_user on group_members (user_id)`)
  const camera = database.prepare('insert into group_cameras values (?, ?)')
  const member = database.prepare('insert into group_members values (?, ?, ?)')
  database.transaction(() => {
    for (const { groupId, cameraId } of facts.cameras) camera.run(groupId, cameraId)
    for (const { groupId, userId, role } of facts.members) member.run(groupId, userId, role)
  })()
  const held = database.prepare<[string, string], { role: 'viewer' | 'operator' }>(
    `select role from group_members m join group_cameras c on c.group_id = m.group_id
      where m.user_id = ? and c.camera_id = ? order by role limit 1`,
  )
  return {
    may: (userId: string, cameraId: string): boolean => {
      const found = held.get(userId, cameraId)
      return found !== undefined && roleCovers(found.role, 'operator')
    },
    close: () => {
      database.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** How long one call takes, in microseconds. */
function microseconds(times: number, call: (index: number) => boolean): number {
  let allowed = 0
  const startedAt = performance.now()
  for (let index = 0; index < times; index += 1) if (call(index)) allowed += 1
  const tookMs = performance.now() - startedAt
  if (allowed > times) throw new Error('More was allowed than asked.')
  return (tookMs * 1000) / times
}
