"""What is rated, drafted, worded and graded in an appraisal: values in, values out."""
