/** What lies over a view as if it were one, such as the large view: Back closes it, and nothing else. */

/**
 * @returns {{over: Function, settled: Function, left: () => boolean}}
 */
export function makeLayers() {
  const layers = [];
  const waiting = [];
  let isUnwinding = false;
  /** Browsers go back later: whoever goes elsewhere meanwhile waits for that. */
  const settled = (act) => (isUnwinding ? waiting.push(act) : act());
  return {
    settled,
    /**
     * @param {() => void} close
     * @returns {() => void} to be called once it is closed, however that came about
     */
    over(close) {
      const layer = { close };
      settled(() => {
        history.pushState({ ...history.state, scroll: scrollY }, "");
        layers.push(layer);
      });
      return () => {
        const place = layers.indexOf(layer);
        if (place < 0) return;
        layers.splice(place, 1);
        isUnwinding = true;
        history.back();
      };
    },
    /** Somebody went back or forth. @returns {boolean} whether that was about a layer alone */
    left() {
      if (isUnwinding) {
        isUnwinding = false;
        for (const act of waiting.splice(0)) settled(act);
        return true;
      }
      const layer = layers.pop();
      layer?.close();
      return layer !== undefined;
    },
  };
}
