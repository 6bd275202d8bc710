// While the project is developed: shows the mistakes that keep its newest state from being served, and takes up a
// new schema.
import { useSchemaStore } from '@graphiql/react';
import { useEffect, useState } from 'react';

const EVERY_MILLISECONDS = 1000;

export function Mistakes({ address }) {
  const introspect = useSchemaStore((store) => store.introspect);
  const [mistakes, setMistakes] = useState([]);
  useEffect(() => {
    let known = null;
    const look = async () => {
      if (document.hidden) return;
      try {
        const { version, mistakes: found } = await (await fetch(address)).json();
        setMistakes((shown) => (shown.join('\n') === found.join('\n') ? shown : found));
        if (known !== null && known !== version) void introspect();
        known = version;
      } catch {
        // The server is starting again; the next look will find it.
      }
    };
    const timer = setInterval(look, EVERY_MILLISECONDS);
    void look();
    return () => clearInterval(timer);
  }, [address, introspect]);
  if (!mistakes.length) return null;
  return (
    <div role="alert" className="stolon-mistakes">
      <strong>The project has mistakes; its last good state is served.</strong>
      <ul>
        {mistakes.map((mistake) => (
          <li key={mistake}>{mistake}</li>
        ))}
      </ul>
    </div>
  );
}
