"""Demo album: a small album of generated photos to try everything on.

album_plan decides (purely) which photos there are; scenes, painted with the brushes of canvas, say
what they show; camera takes the photos, encoding makes files of them, album is the chain.
"""

from annclust.demo_album.album import draw_album

__all__ = ["draw_album"]
