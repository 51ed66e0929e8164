// `ferrydns/built-in/admin`: the door by which a server that runs is asked and told.

export { type AdminAccess, readAdminAccess, usualAdminAccess } from './access.ts';
export { adminHeaders, answerJson, refuseRequest } from './answer.ts';
export { type AdminCollection, type AdminPage, adminUse, chosenAdminAddress, examineAdmin, openAdmin, openAdminDoor } from './door.ts';
export { askerOf, isOrderName, readOrderFields } from './order.ts';
