import { onScopeDispose, watch } from 'vue'
import { session } from '../../app/session.ts'
import { failureSentence } from '../../ui/failures.ts'
import { dismissToast, showToast } from '../../ui/toasts.ts'
import { undoForMs, UndoStack } from './undo-stack.ts'
import type { Done } from './undo-stack.ts'

export type Undo = ReturnType<typeof useUndo>

/** Undo for 10 seconds, by the button of a toast or by Ctrl+Z. It ends with the page, and with its person. */
export function useUndo() {
  const stack = new UndoStack(() => performance.now())
  const shown = new Map<string, number>()

  /** Something was done. `text` says what, where it is told with an Undo button; without it Ctrl+Z alone undoes it. */
  function did(done: Done, text: string | null): void {
    stack.push(done)
    if (text === null) return
    withdrawToast(done.subject)
    const run = (): void => void undo(done)
    const action = { label: 'Undo', hint: 'Ctrl+Z', run, forMs: undoForMs }
    shown.set(done.subject, showToast('done', text, action))
  }

  /** Undoes what was done last, or `wanted`, while there is time. Never rejects. */
  async function undo(wanted?: Done): Promise<void> {
    const done = stack.take(wanted)
    if (!done) return
    withdrawToast(done.subject)
    try {
      await done.undo()
      showToast('done', 'Undone.')
    } catch (error) {
      showToast('failed', failureSentence(error))
    }
  }

  function withdrawToast(subject: string): void {
    const id = shown.get(subject)
    if (id !== undefined) dismissToast(id)
    shown.delete(subject)
  }

  function end(): void {
    stack.clear()
    for (const subject of [...shown.keys()]) withdrawToast(subject)
  }
  watch(() => session.user.value?.id, end, { flush: 'sync' })
  onScopeDispose(end)

  return { did, undo }
}
