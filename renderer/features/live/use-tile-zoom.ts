import { computed, onBeforeUnmount, onMounted, shallowRef, watchEffect } from 'vue'
import type { Ref } from 'vue'
import { movedBy, wholePicture, zoomedAt } from './zoom-view.ts'

const wheelStep = 1.2
const keyStepPx = 48

/** Digital zoom of a tile: the wheel scales around the pointer, dragging moves; both also by functions for the keys. */
export function useTileZoom(
  frame: Readonly<Ref<HTMLElement | null>>,
  stage: Readonly<Ref<HTMLElement | null>>,
) {
  const view = shallowRef(wholePicture)
  const isZoomed = computed(() => view.value.scale > 1)
  let pressed: { id: number; x: number; y: number } | null = null

  watchEffect(
    () => {
      if (!stage.value) return
      const { scale, x, y } = view.value
      stage.value.style.transform = scale > 1 ? `translate(${x}px, ${y}px) scale(${scale})` : ''
    },
    { flush: 'post' },
  )

  function scaleBy(factor: number, px = 0, py = 0): void {
    const box = frame.value?.getBoundingClientRect()
    if (box) view.value = zoomedAt(view.value, factor, px, py, box.width, box.height)
  }

  function moveBy(dx: number, dy: number): void {
    const box = frame.value?.getBoundingClientRect()
    if (box) view.value = movedBy(view.value, dx, dy, box.width, box.height)
  }

  function onWheel(event: WheelEvent): void {
    const box = frame.value?.getBoundingClientRect()
    if (!box || event.ctrlKey) return
    event.preventDefault()
    const factor = event.deltaY < 0 ? wheelStep : 1 / wheelStep
    scaleBy(factor, event.clientX - box.left - box.width / 2, event.clientY - box.top - box.height / 2)
  }

  function onPointerDown(event: PointerEvent): void {
    if (!isZoomed.value || event.button !== 0) return
    pressed = { id: event.pointerId, x: event.clientX, y: event.clientY }
    frame.value?.setPointerCapture(event.pointerId)
  }

  function onPointerMove(event: PointerEvent): void {
    if (pressed?.id !== event.pointerId) return
    moveBy(event.clientX - pressed.x, event.clientY - pressed.y)
    pressed = { id: event.pointerId, x: event.clientX, y: event.clientY }
  }

  function onPointerEnd(): void {
    pressed = null
  }

  const listening = new AbortController()
  onMounted(() => {
    const { signal } = listening
    frame.value?.addEventListener('wheel', onWheel, { passive: false, signal })
    frame.value?.addEventListener('pointerdown', onPointerDown, { signal })
    frame.value?.addEventListener('pointermove', onPointerMove, { signal })
    frame.value?.addEventListener('pointerup', onPointerEnd, { signal })
    frame.value?.addEventListener('pointercancel', onPointerEnd, { signal })
  })
  onBeforeUnmount(() => listening.abort())

  return {
    view,
    isZoomed,
    reset: () => (view.value = wholePicture),
    closer: () => scaleBy(wheelStep),
    farther: () => scaleBy(1 / wheelStep),
    /** One step of the keyboard in a direction; the picture moves the other way, as if one looked there. */
    look: (dx: -1 | 0 | 1, dy: -1 | 0 | 1) => moveBy(-dx * keyStepPx, -dy * keyStepPx),
  }
}
