"""References of Optax's transformations, whose docstrings have none in BibTeX.

@inproceedings{kingma2015adam,
  title = {Adam: a method for stochastic optimization},
  author = {Kingma, Diederik P. and Ba, Jimmy},
  booktitle = {International Conference on Learning Representations}, year = {2015}
}
@inproceedings{loshchilov2019decoupled,
  title = {Decoupled weight decay regularization},
  author = {Loshchilov, Ilya and Hutter, Frank},
  booktitle = {International Conference on Learning Representations}, year = {2019}
}
@inproceedings{loshchilov2017sgdr,
  title = {{SGDR}: stochastic gradient descent with warm restarts},
  author = {Loshchilov, Ilya and Hutter, Frank},
  booktitle = {International Conference on Learning Representations}, year = {2017}
}
@article{duchi2011adaptive,
  title = {Adaptive subgradient methods for online learning and stochastic optimization},
  author = {Duchi, John and Hazan, Elad and Singer, Yoram},
  journal = {Journal of Machine Learning Research}, volume = {12}, pages = {2121--2159},
  year = {2011}
}
@misc{tieleman2012rmsprop,
  title = {Lecture 6.5, {RMSProp}: divide the gradient by a running average of its recent
           magnitude},
  author = {Tieleman, Tijmen and Hinton, Geoffrey},
  howpublished = {Coursera: Neural Networks for Machine Learning}, year = {2012}
}
@inproceedings{chen2023symbolic,
  title = {Symbolic discovery of optimization algorithms},
  author = {Chen, Xiangning and Liang, Chen and Huang, Da and Real, Esteban and Wang, Kaiyuan and
            Pham, Hieu and Dong, Xuanyi and Luong, Thang and Hsieh, Cho-Jui and Lu, Yifeng and
            Le, Quoc V.},
  booktitle = {Advances in Neural Information Processing Systems}, volume = {36}, year = {2023}
}
@inproceedings{krogh1992simple,
  title = {A simple weight decay can improve generalization},
  author = {Krogh, Anders and Hertz, John A.},
  booktitle = {Advances in Neural Information Processing Systems}, volume = {4},
  pages = {950--957}, year = {1992}
}
@article{polyak1964some,
  title = {Some methods of speeding up the convergence of iteration methods},
  author = {Polyak, Boris T.}, journal = {USSR Computational Mathematics and Mathematical Physics},
  volume = {4}, number = {5}, pages = {1--17}, year = {1964}
}
"""

PLAIN = {"optax.sgd"}  # steps along the local updates: nothing to cite
KEYS = {
    "optax.adam": "kingma2015adam",
    "optax.adamw": "loshchilov2019decoupled",
    "optax.cosine_decay_schedule": "loshchilov2017sgdr",
    "optax.warmup_cosine_decay_schedule": "loshchilov2017sgdr",
    "optax.adagrad": "duchi2011adaptive",
    "optax.rmsprop": "tieleman2012rmsprop",
    "optax.lion": "chen2023symbolic",
    "optax.add_decayed_weights": "krogh1992simple",
    "optax.sgd momentum": "polyak1964some",  # an argument that makes the difference
}
