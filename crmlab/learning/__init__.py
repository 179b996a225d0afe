"""Learning: who learns, how far they are, question banks, tasks, and the lessons there are.

progress = Progress.open()                    # the learner's own, see progress.py
bank = load_bank("lesson_10")                 # exercises/lesson_10.yaml, see bank.py
outcome = bank.questions[0].check("leak")     # not tried / right / not right, because ...
note_case(progress, "10", practice, case)     # what a case taught, see runs.py
shelf = read_lessons()                        # the lessons there are, see lessons.py
"""
