"""What codes and numbers mean, said in the reader's language; stored is the code, never the sentence."""
