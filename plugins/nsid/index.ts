// Says which server has answered, for those who ask for it (RFC 5001).
import { hostname } from 'node:os';
import { after, definePlugin, EdnsOption, many, type Reply, text } from 'ferrydns/plugin';

export default definePlugin({
  name: 'nsid',
  summary: 'says which server has answered, for those who ask for it',
  config: { args: { data: many(text) } },
  setup({ data }) {
    const name = data.length === 0 ? hostname() : data.join(' ');
    const option = { code: EdnsOption.NSID, data: Buffer.from(name) };
    const signed = (reply: Reply): Reply => {
      if (reply.declined) return reply;
      // One that came from elsewhere names another server.
      const others = reply.options.filter(({ code }) => code !== EdnsOption.NSID);
      return reply.with({ options: [...others, option] });
    };
    return { handle: (query, next) => (query.option(EdnsOption.NSID) === undefined ? next(query) : after(next(query), signed)) };
  },
});
