// A family as rows of a tree: what is open, which row a key leads to.
import type { FamilyNode } from '../../lib/types'

/** A row: *path* names the node among its family, *position* of *siblings* counts from 1. */
export interface TreeRow {
  path: string
  node: FamilyNode
  level: number
  position: number
  siblings: number
  open: boolean | null // null: there is nothing below
  more: number // children that were left out, told behind the last one
}

/** Return the rows that are seen; *closed* has the paths of nodes whose children are hidden. */
export function treeRows(root: FamilyNode, closed: ReadonlySet<string>): TreeRow[] {
  const rows: TreeRow[] = []
  const todo: Omit<TreeRow, 'open' | 'more'>[] = [
    { path: '0', node: root, level: 1, position: 1, siblings: 1 },
  ]
  for (let next = todo.pop(); next; next = todo.pop()) {
    const { node, path, level } = next
    const parent = node.children.length > 0 || node.more > 0
    const open = parent ? !closed.has(path) : null
    rows.push({ ...next, open, more: node.more })
    if (!open) continue
    for (let i = node.children.length - 1; i >= 0; i--)
      todo.push({
        path: `${path}.${i}`,
        node: node.children[i]!,
        level: level + 1,
        position: i + 1,
        siblings: node.children.length,
      })
  }
  return rows
}

/** What a key does in a tree: go to a row, open or close one, or nothing. */
export type TreeStep = { go: string } | { open: string } | { close: string } | null

/** Return what *key* does at the row of that path, as trees on the web behave. */
export function treeKey(rows: readonly TreeRow[], path: string, key: string): TreeStep {
  const index = rows.findIndex((one) => one.path === path)
  const row = rows[index]
  if (!row) return rows[0] ? { go: rows[0].path } : null
  const to = (at: number): TreeStep => (rows[at] ? { go: rows[at].path } : null)
  switch (key) {
    case 'ArrowDown':
      return to(index + 1)
    case 'ArrowUp':
      return to(index - 1)
    case 'Home':
      return to(0)
    case 'End':
      return to(rows.length - 1)
    case 'ArrowRight':
      if (row.open === false) return { open: path }
      return row.open && rows[index + 1]?.level === row.level + 1 ? to(index + 1) : null
    case 'ArrowLeft': {
      if (row.open) return { close: path }
      const parent = path.slice(0, path.lastIndexOf('.'))
      return parent ? { go: parent } : null
    }
  }
  return null
}

/** Return how many nodes of each status a family has; those that are gone are `gone`. */
export function statuses(root: FamilyNode): Map<string, number> {
  const found = new Map<string, number>()
  const todo = [root]
  for (let node = todo.pop(); node; node = todo.pop()) {
    const status = node.status ?? 'gone'
    found.set(status, (found.get(status) ?? 0) + 1)
    todo.push(...node.children)
  }
  return found
}
