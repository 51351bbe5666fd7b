import type { ContextMenuParams, MenuItemConstructorOptions } from 'electron'

/**
 * The menu of a right click on text: Cut, Copy and Paste as far as they can be done, in the system's own words; empty
 * where there is nothing to do. A page that has a menu of its own there keeps it: Electron is not told of such clicks.
 */
export function textMenuTemplate({
  isEditable,
  selectionText,
  editFlags,
}: Pick<ContextMenuParams, 'isEditable' | 'selectionText' | 'editFlags'>): MenuItemConstructorOptions[] {
  if (isEditable) {
    return [
      { role: 'cut', enabled: editFlags.canCut },
      { role: 'copy', enabled: editFlags.canCopy },
      { role: 'paste', enabled: editFlags.canPaste },
      { type: 'separator' },
      { role: 'selectAll', enabled: editFlags.canSelectAll },
    ]
  }
  return selectionText.trim() === '' ? [] : [{ role: 'copy', enabled: editFlags.canCopy }]
}
