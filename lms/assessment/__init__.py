"""Quizzes: the bank of questions, papers, attempts, grading and results."""
