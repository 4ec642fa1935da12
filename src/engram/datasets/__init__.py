"""Data to learn from, and to build networks of.

`images`: MNIST, Fashion-MNIST, and the small digits of scikit-learn. `edges`: lists of edges.
"""

from engram.datasets.edges import EdgeList, edge_list
from engram.datasets.images import (
    FILES,
    Dataset,
    DatasetError,
    data_cache,
    digits,
    fashion_mnist,
    image_shape,
    mnist,
)
from engram.parameters.listing import public_names

__all__ = [
    "FILES",
    "Dataset",
    "DatasetError",
    "EdgeList",
    "data_cache",
    "digits",
    "edge_list",
    "fashion_mnist",
    "image_shape",
    "mnist",
]

__dir__ = public_names(__name__)
