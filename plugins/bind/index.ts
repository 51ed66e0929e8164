// Chooses the addresses that a server block listens on, by address or by network interface.
import { definePlugin, property, words } from 'ferrydns/plugin';
import { addressesOf } from './addresses.ts';

const places = words('ADDRESS|IFACE', 1);

export default definePlugin({
  name: 'bind',
  summary: 'listens on some addresses of the machine instead of all',
  config: {
    args: { places },
    block: { except: property({ places }, 'addresses and interfaces to leave out of this directive') },
    repeat: 'merge',
  },
  setup(uses, context) {
    const addresses = uses.flatMap((use) => {
      const except = addressesOf(use.except?.places ?? [], context);
      return addressesOf(use.places, context).filter((address) => !except.includes(address));
    });
    return { settings: { addresses } };
  },
});
