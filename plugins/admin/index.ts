// Opens an admin address, so that operators may ask this server why it answers as it does.
import { adminUse, chosenAdminAddress, examineAdmin, openAdminServer, readAdminAccess, usualAdminAccess } from 'ferrydns/built-in/admin';
import { adminSyntax, definePlugin, type Instance, provide, type StartContext, words } from 'ferrydns/plugin';

const label = 'the plugin admin';

export default definePlugin({
  name: 'admin',
  summary: 'opens an address where operators ask the server that runs',
  config: { args: { admin: words(`[${adminSyntax}]`) } },
  setup({ admin }, context) {
    const access = admin.length === 0 ? usualAdminAccess : readAdminAccess(admin, context);
    let started: StartContext | undefined;
    const instance: Instance = {
      provides: [provide(adminUse, { label, access })],
      examine: (examined) => examineAdmin(access, context, examined),
      start(given) {
        if (access === undefined || !given.server.primary) return;
        started = given;
        openAdminServer(given, access, label);
      },
      serving() {
        const address = started === undefined ? undefined : chosenAdminAddress(access, started.server);
        if (address !== undefined) context.log.info(`admin at ${address}`);
      },
    };
    return instance;
  },
});
