import { latinLetter } from '../../ui/latin-letter.ts'
import type { Direction } from './wall-model.ts'

/** What a key asks of the wall. */
export type WallCommand =
  | { readonly kind: 'move' | 'swap' | 'look'; readonly direction: Direction }
  | { readonly kind: 'select' | 'view'; readonly index: number }
  | {
      readonly kind:
        | 'enlarge'
        | 'back'
        | 'full-screen'
        | 'sound'
        | 'empty'
        | 'search'
        | 'list'
        | 'retry'
        | 'closer'
        | 'farther'
        | 'keys'
        | 'save-view'
        | 'save-wall'
        | 'undo'
    }

const directions: Record<string, Direction> = {
  ArrowLeft: 'left',
  ArrowRight: 'right',
  ArrowUp: 'up',
  ArrowDown: 'down',
}

const plainKeys: Record<
  string,
  Exclude<WallCommand['kind'], 'move' | 'swap' | 'look' | 'select' | 'view'>
> = {
  Enter: 'enlarge',
  Escape: 'back',
  f: 'full-screen',
  m: 'sound',
  Delete: 'empty',
  Backspace: 'empty',
  '/': 'search',
  l: 'list',
  r: 'retry',
  '+': 'closer',
  '=': 'closer',
  '-': 'farther',
  '?': 'keys',
  v: 'save-view',
  w: 'save-wall',
}

/** The command of a key, or null when the wall has none for it. Keys with Alt, and with Meta but for undo, belong to the system. */
export function wallCommand(
  event: Pick<KeyboardEvent, 'key' | 'code' | 'ctrlKey' | 'shiftKey' | 'altKey' | 'metaKey'>,
): WallCommand | null {
  if (event.altKey) return null
  if (isUndo(event)) return { kind: 'undo' }
  if (event.metaKey) return null
  const direction = directions[event.key]
  if (direction) return { kind: event.ctrlKey ? 'swap' : event.shiftKey ? 'look' : 'move', direction }
  if (event.ctrlKey) return null
  // German, Italian, Spanish and other keyboards have / on Shift+7.
  if (event.key === '/') return { kind: 'search' }
  // By the place of the key: with Shift, or on a French keyboard without it, a digit's key writes something else.
  const digit = /^Digit([1-9])$/.exec(event.code)?.[1] ?? /^[1-9]$/.exec(event.key)?.[0]
  if (digit) return { kind: event.shiftKey ? 'select' : 'view', index: Number(digit) - 1 }
  const kind = plainKeys[latinLetter(event) ?? event.key]
  return kind ? { kind } : null
}

/** Ctrl+Z, or Cmd+Z. */
function isUndo(event: Parameters<typeof wallCommand>[0]): boolean {
  return latinLetter(event) === 'z' && !event.shiftKey && (event.ctrlKey || event.metaKey)
}

/** What the help shows, in the order of use. */
export const wallKeyHelp: readonly { readonly keys: readonly string[]; readonly does: string }[] = [
  { keys: ['←', '→', '↑', '↓'], does: 'Move between tiles' },
  { keys: ['1', '…', '9'], does: 'Open the view assigned to 1-9 (else select tile)' },
  { keys: ['Shift', '1', '…', '9'], does: 'Select tile 1-9' },
  { keys: ['Enter'], does: 'One large, and back; on an empty tile: choose a camera' },
  { keys: ['F'], does: 'Full screen, and back' },
  { keys: ['M'], does: 'Sound of the selected tile, of one at a time' },
  { keys: ['/'], does: 'Search cameras; Enter assigns to the selected tile' },
  { keys: ['Ctrl', '←', '→', '↑', '↓'], does: 'Swap the tile with its neighbour' },
  { keys: ['Delete'], does: 'Empty the tile' },
  { keys: ['Ctrl', 'Z'], does: 'Undo the last change, within 10 seconds' },
  { keys: ['R'], does: 'Try the picture again now' },
  { keys: ['+', '−'], does: 'Digital zoom' },
  { keys: ['Shift', '←', '→', '↑', '↓'], does: 'Move the zoomed picture' },
  { keys: ['V'], does: 'Save what is on the wall as a view' },
  { keys: ['W'], does: 'Save the wall of the group, for its operators' },
  { keys: ['L'], does: 'Show or hide the camera list' },
  { keys: ['Menu'], does: 'Actions of the tile (also Shift F10)' },
  { keys: ['Esc'], does: 'Back: zoom, large, full screen' },
  { keys: ['Ctrl', 'K'], does: 'Search everything' },
  { keys: ['Ctrl', 'L'], does: 'Lock' },
  { keys: ['Ctrl', 'Shift', 'L'], does: 'Switch operator (video keeps playing); Esc cancels' },
  { keys: ['?'], does: 'These keys' },
]
