import { ORPCError } from '@orpc/client'
import { describe, expect, it } from 'vitest'
import { useImportJob } from '../../../../renderer/features/cameras/import-job.ts'

const three = ['a', 'b', 'c'].map((id) => ({ id, name: id.toUpperCase() }))

describe('importing several receivers', () => {
  it('goes on behind one that fails, and keeps its reason', async () => {
    const failure = new ORPCError('CAMERA_EXISTS', { status: 409, message: 'Imported before.' })
    const job = useImportJob((id) => (id === 'b' ? Promise.reject(failure) : Promise.resolve()))
    await job.start(three)
    expect(job.lines.map((line) => line.state)).toEqual(['done', 'failed', 'done'])
    expect(job.lines[1]?.failure).toBe(failure)
    expect(job.finished.value).toBe(3)
  })

  it('finishes the one under way when it is cancelled, and leaves out the rest', async () => {
    const imported: string[] = []
    const job = useImportJob((id) => {
      imported.push(id)
      if (id === 'a') job.cancel()
      return Promise.resolve()
    })
    await job.start(three)
    expect(imported).toEqual(['a'])
    expect(job.lines.map((line) => line.state)).toEqual(['done', 'cancelled', 'cancelled'])
  })

  it('asks for the path of a channel that another desk made, and imports it once that is typed', async () => {
    const job = useImportJob((_id, takeOver) =>
      takeOver === 'desk/a'
        ? Promise.resolve()
        : Promise.reject(
            new ORPCError('TAKE_OVER_NEEDED', {
              status: 409,
              data: { expected: 'desk/a', authorizer: 'alta-desk-9' },
            }),
          ),
    )
    await job.start(three.slice(0, 1))
    expect(job.lines[0]).toMatchObject({ state: 'take-over', expectedPath: 'desk/a' })
    await job.takeOver(0, 'desk/a')
    expect(job.lines[0]?.state).toBe('done')
  })
})
