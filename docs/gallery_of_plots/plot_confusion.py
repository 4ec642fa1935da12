"""
Confusion
=========

Which class was taken for which; colour shows the mistakes.
"""

from engram import plots
from engram.datasets import digits
from engram.learn import RSTDPClassifier

data = digits()
learner = RSTDPClassifier(n_epochs=4, random_state=0).fit(data.X_train[:200], data.y_train[:200])
answers = learner.predict(data.X_test[:200])
matrix = [[((data.y_test[:200] == i) & (answers == j)).sum() for j in range(10)] for i in range(10)]

plots.confusion(matrix, range(10))
