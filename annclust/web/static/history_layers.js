/** What lies over a view as if it were one, such as the large view: Back closes it, and nothing else. */

/**
 * @returns {{over: Function, elsewhere: (act: () => void) => void, left: () => boolean}}
 */
export function makeLayers() {
  const layers = [];
  const waiting = [];
  let isUnwinding = false;
  /** Browsers go back later: what is to happen after that waits. */
  const settled = (act) => (isUnwinding ? waiting.push(act) : act());
  const unwind = (steps) => {
    isUnwinding = true;
    history.go(-steps);
  };
  const fromView = (act) => {
    if (!layers.length) return act();
    unwind(layers.splice(0).length);
    return settled(() => fromView(act));
  };
  return {
    /** Goes away from the view: from its own entry in the history, not from that of what lies over it. */
    elsewhere: (act) => settled(() => fromView(act)),
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
        unwind(1);
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
