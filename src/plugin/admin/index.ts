// `ferrydns/built-in/admin`: the HTTP address where operators ask a server that runs, and tell it what to do.

export { type AdminAccess, readAdminAccess, usualAdminAccess } from './access.ts';
export { adminHeaders, answerJson, refuseRequest } from './answer.ts';
export { readConsoleAccess } from './console-access.ts';
export { askerOf, isOrderName, readOrderFields } from './order.ts';
export type { AdminCollection, AdminPage, PageOfAll } from './pages.ts';
export { type LoadedStatus, type ReloadStatus, tellLoaded } from './reload-page.ts';
export { blanked } from './secrets.ts';
export { adminUse, chosenAdminAddress, examineAdmin, openAdmin, openAdminServer, openConsole } from './server.ts';
export { Sessions } from './sessions.ts';
