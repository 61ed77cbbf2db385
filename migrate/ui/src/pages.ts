// Which component shows which page; each comes when it is first needed.
import type { Component } from 'svelte'
import type { Page, Place } from './lib/router'

type Loaded = { default: Component<{ place: Place }> }
interface Entry { title: string; load: () => Promise<Loaded> }

const instance = (): Promise<Loaded> => import('./detail/InstancePage.svelte')

export const pages: Record<Page, Entry> = {
  hubs: { title: 'Hubs', load: () => import('./pages/HubsPage.svelte') },
  hub: { title: 'Overview', load: () => import('./pages/HubPage.svelte') },
  instances: { title: 'Instances', load: () => import('./pages/InstancesPage.svelte') },
  instance: { title: 'Instance', load: instance },
  entity: { title: 'Entity', load: instance },
  partitions: { title: 'Partitions', load: () => import('./pages/PartitionsPage.svelte') },
  storage: { title: 'Storage', load: () => import('./pages/StoragePage.svelte') },
  runs: { title: 'Runs', load: () => import('./detail/RunsPage.svelte') },
  stuck: { title: 'Stuck', load: () => import('./pages/StuckPage.svelte') },
  jobs: { title: 'Jobs', load: () => import('./pages/JobsPage.svelte') },
  job: { title: 'Job', load: () => import('./pages/JobPage.svelte') },
  audit: { title: 'Audit', load: () => import('./pages/AuditPage.svelte') },
  alerts: { title: 'Alerts', load: () => import('./pages/AlertsPage.svelte') },
  open: { title: 'Open a document', load: () => import('./detail/OpenPage.svelte') },
  diff: { title: 'Difference', load: () => import('./detail/DiffPage.svelte') },
  help: { title: 'Help', load: () => import('./pages/HelpPage.svelte') },
  missing: { title: 'Not here', load: () => import('./pages/MissingPage.svelte') },
}
