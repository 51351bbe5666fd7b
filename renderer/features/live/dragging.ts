/** What is dragged: a camera from the list, or a tile of the wall. */
export type Dragged =
  { readonly kind: 'camera'; readonly cameraId: string } | { readonly kind: 'tile'; readonly index: number }

const mimeType = 'application/x-alta-desk'

/** Starts a drag. */
export function startDrag(event: DragEvent, dragged: Dragged, label: string): void {
  if (!event.dataTransfer) return
  event.dataTransfer.setData(mimeType, JSON.stringify(dragged))
  event.dataTransfer.setData('text/plain', label)
  event.dataTransfer.effectAllowed = 'move'
}

/** True while something of ours hovers: only then may a tile accept it. */
export function isOurDrag(event: DragEvent): boolean {
  return event.dataTransfer?.types.includes(mimeType) ?? false
}

/** What was dropped, or null when it is not ours. */
export function droppedOf(event: DragEvent): Dragged | null {
  const text = event.dataTransfer?.getData(mimeType)
  if (!text) return null
  return parseDragged(text)
}

/** Another page can offer data under our type, so what was dropped is checked. */
export function parseDragged(text: string): Dragged | null {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (_malformed) {
    return null
  }
  if (typeof value !== 'object' || value === null || !('kind' in value)) return null
  if (value.kind === 'camera' && 'cameraId' in value && typeof value.cameraId === 'string') {
    return { kind: 'camera', cameraId: value.cameraId }
  }
  if (value.kind === 'tile' && 'index' in value && Number.isInteger(value.index)) {
    return { kind: 'tile', index: Number(value.index) }
  }
  return null
}
