"""Ray engine: work on a cluster of machines. The only folder that knows Ray.

cluster joins one, or starts one on this machine; ray_engine has parts computed there.
"""
