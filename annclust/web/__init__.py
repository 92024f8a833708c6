"""The page of `annclust review`: a person looks through a collection in a browser beside it.

`server` answers on 127.0.0.1, `guard` decides who may ask, `session` is what all answers come from.
"""
